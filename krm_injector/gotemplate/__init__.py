"""Go text/template and sprig, usable alone."""
