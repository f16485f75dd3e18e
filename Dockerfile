# The server as a container: no root, nothing to write to, nothing but what serving needs.
#   docker build -t dogpeople . && docker run --rm --read-only -p 8000:8000 dogpeople

FROM python:3.13-slim AS packages
WORKDIR /build
COPY requirements.lock .
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock

FROM python:3.13-slim
COPY --from=packages /venv /venv
WORKDIR /srv/dogpeople
COPY vae_core vae_core
COPY app app
COPY templates templates
COPY static static
COPY models models
RUN python -m compileall -q vae_core app
ENV OPENBLAS_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOST=0.0.0.0 LOGS=json
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD ["/venv/bin/python", "-c", "from urllib.request import urlopen as u; u('http://127.0.0.1:8000/readyz', timeout=2)"]
CMD ["/venv/bin/python", "-m", "app"]
