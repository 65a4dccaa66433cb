"""`krm-injector build`: renders a directory and injects the result. Leaves out objects that are not
for a cluster.

Argo CD calls this command as a plugin. Then the Application sets what the command line leaves open.
"""

from __future__ import annotations

import os

from krm_injector.cli import argocd, loader, transform
from krm_injector.cli.request import Answer, Request
from krm_injector.istio_names import FUNCTION_FILE
from krm_injector.sources import helm


def run(request: Request) -> Answer:
    arguments = request.arguments
    directory = arguments.paths[0] if arguments.paths else "."
    application = argocd.application(request.environment)
    is_chart = helm.is_chart(directory)
    if arguments.parameters:
        defaults = helm.defaults(directory) if is_chart else None
        return Answer(argocd.announcements(application, defaults))

    if application is not None:
        arguments = argocd.arguments(arguments, application, directory)

    release = argocd.release(arguments, application, directory) if is_chart else None
    request = request._replace(arguments=arguments)
    loaded = loader.read(request, (directory,), release)

    # Without another functionConfig, that of `krm-injector init` is used.
    function_file = os.path.join(directory, FUNCTION_FILE)
    if arguments.config is None and not loaded.configs and os.path.isfile(function_file):
        request = request.with_options(config=function_file)

    return transform.answer(request, loaded, to_apply=True, application=application)
