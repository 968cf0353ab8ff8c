# fleetmcp, ready to serve on port 8892. See docs/ANALYTICS_MCP.md.
ARG PYTHON_IMAGE=docker.io/library/python:3.13-slim

FROM ${PYTHON_IMAGE} AS build
WORKDIR /app
COPY requirements.txt ./
# Wheels only: nothing is compiled, so no compiler is ever there. pip leaves after its work.
RUN python3 -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes \
       --only-binary :all: --requirement requirements.txt \
    && /venv/bin/pip uninstall --yes --quiet pip
COPY . .
# The key is of no use but to start Django once: the image holds no secret.
RUN SECRET_KEY=only-to-collect-static-files-while-building STATIC_ROOT=/app/static \
    /venv/bin/python manage.py collectstatic --no-input --verbosity 0 \
    && /venv/bin/python -m compileall -q /app \
    && chmod -R a=rX,u+w /app /venv \
    && chmod 755 /app/scripts/serve /app/scripts/healthcheck

FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="fleetmcp" \
      org.opencontainers.image.description="Read-only analytics over MCP" \
      org.opencontainers.image.licenses="MIT"
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    STATIC_ROOT=/app/static \
    APP_DB_FILE=/data/fleetmcp.sqlite3 \
    WEB_CONCURRENCY=2
# A volume that is mounted here anew takes over this owner.
RUN install --directory --owner=10001 --group=10001 --mode=700 /data
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
USER 10001:10001
VOLUME /data
EXPOSE 8892
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 CMD ["scripts/healthcheck"]
CMD ["scripts/serve"]
