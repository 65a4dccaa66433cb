# docker build -t krm-injector . ; runs as nobody, read-only, without network:
# docker run --rm -i --read-only --network none krm-injector < resource-list.yaml
FROM python:3.12-slim AS build
WORKDIR /src
COPY pyproject.toml README.md ./
COPY krm_injector krm_injector
# Bytecode is made here: where it runs, nothing can be written. The environment has no pip of its own.
RUN python3 -m venv --without-pip /opt/krm-injector \
 && python3 -m pip --python /opt/krm-injector/bin/python install --no-cache-dir --compile .

FROM python:3.12-slim
COPY --from=build /opt/krm-injector /opt/krm-injector
LABEL org.opencontainers.image.title="krm-injector" \
      org.opencontainers.image.description="Istio sidecar injection at build time, as a KRM function"
ENV PATH=/opt/krm-injector/bin:$PATH PYTHONDONTWRITEBYTECODE=1
USER 65534:65534
WORKDIR /tmp
ENTRYPOINT ["krm-injector"]
