// What a list is too long for at first.
for (const button of document.querySelectorAll("[data-shows]")) {
  const rest = document.getElementById(button.dataset.shows);
  rest.hidden = true;
  button.addEventListener("click", () => { rest.hidden = false; button.remove(); });
}

// On paper every finding is told, but not each of very many workloads; what was closed is closed again after.
let closed = [];
addEventListener("beforeprint", () => {
  closed = [...document.querySelectorAll("details:not([open]):not(.others)")];
  for (const one of closed) one.open = true;
});
addEventListener("afterprint", () => {
  for (const one of closed) one.open = false;
});
