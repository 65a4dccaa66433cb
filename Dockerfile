# docker build -t krm-injector . ; runs as nobody, read-only, without network:
# docker run --rm -i --read-only --network none krm-injector < resource-list.yaml
# Admission policies need another library, of 50 MB: docker build --build-arg REQUIREMENTS=admission .
FROM python:3.12-slim AS build
ARG REQUIREMENTS=run
WORKDIR /src
COPY pyproject.toml README.md ./
COPY requirements requirements
COPY krm_injector krm_injector
# Every package has the hash of requirements/. The wheel is made outside of the environment, which has
# no pip and no build tools. Bytecode is made here: where it runs, nothing can be written.
RUN for each in build krm-injector; do python3 -m venv --without-pip /opt/$each; done \
 && export PIP_NO_CACHE_DIR=1 built="--python /opt/build/bin/python" into="--python /opt/krm-injector/bin/python" \
 && python3 -m pip $built install --require-hashes -r requirements/build.txt \
 && python3 -m pip $built wheel --no-deps --no-build-isolation -w /opt/wheel . \
 && python3 -m pip $into install --compile --require-hashes -r requirements/$REQUIREMENTS.txt \
 && python3 -m pip $into install --compile --no-deps --no-index /opt/wheel/*.whl

FROM python:3.12-slim
COPY --from=build /opt/krm-injector /opt/krm-injector
LABEL org.opencontainers.image.title="krm-injector" \
      org.opencontainers.image.description="Istio sidecar injection at build time, as a KRM function"
ENV PATH=/opt/krm-injector/bin:$PATH PYTHONDONTWRITEBYTECODE=1
USER 65534:65534
WORKDIR /tmp
ENTRYPOINT ["krm-injector"]
