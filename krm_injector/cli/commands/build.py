"""`krm-injector build`: renders a directory and injects the result. Leaves out objects that are not
for a cluster.

Argo CD calls this command as a plugin. Then the Application sets what the command line leaves open.
"""

from __future__ import annotations

from krm_injector.cli import argocd, loader, roots, transform
from krm_injector.cli.request import Answer, Request
from krm_injector.sources import helm

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.model import Result


def run(request: Request) -> Answer:
    arguments = request.arguments
    directory = arguments.paths[0] if arguments.paths else "."
    told: tuple[Result, ...] = ()
    application = argocd.application(request.environment)
    if application is None:
        directory, told = roots.to_build(request, directory)

    is_chart = helm.is_chart(directory)
    if arguments.parameters:
        defaults = helm.defaults(directory) if is_chart else None
        return Answer(argocd.announcements(application, defaults))

    if application is not None:
        arguments = argocd.arguments(arguments, application, directory)

    release = argocd.release(arguments, application, directory) if is_chart else None
    request = request._replace(arguments=arguments)
    loaded = loader.read(request, (directory,), release)

    answer = transform.answer(request, loaded, to_apply=True, application=application)
    return answer._replace(results=(*told, *answer.results))
