# The dashboard for a team; see docs/operations.md. It starts once it is set how people sign in, or
# that nobody does:
#   docker build -t billing-dashboard .
#   docker run --read-only --tmpfs /tmp -v billing-data:/app/.data \
#     -p 127.0.0.1:8501:8501 -e BILLING_ALLOW_ANONYMOUS=1 billing-dashboard
ARG PYTHON_IMAGE=python:3.12-slim@sha256:78387bc3881b8273120a12ebe6c1ab22b018ccc2c9adf565ae1ac9b536e184ea

# Only what was tested is installed, as wheels: nothing is compiled, and pip stays behind.
FROM ${PYTHON_IMAGE} AS packages
COPY requirements-team.lock .
RUN pip install --no-cache-dir --require-hashes --only-binary :all: --target /packages \
      -r requirements-team.lock \
  && cd /packages && rm -rf bin share pyarrow/include pyarrow/src \
  && find pandas numpy pyarrow -name tests -type d -prune -exec rm -rf {} + \
  && python -m compileall -q /packages

FROM ${PYTHON_IMAGE}
ENV PYTHONPATH=/packages PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp
WORKDIR /app
COPY --from=packages /packages /packages
COPY streamlit_app.py ./
COPY .streamlit/config.toml .streamlit/config.toml
COPY billing billing
COPY pages pages
COPY stripe_sandbox stripe_sandbox
RUN python -m compileall -q . && mkdir .data && chown 10001:10001 .data

# The only place that is written to: SQLite files and the sandbox's key.
VOLUME /app/.data
USER 10001:10001
EXPOSE 8501
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8501/api/billing/health', timeout=4)"]
CMD ["python", "-m", "streamlit", "run", "streamlit_app.py", "--server.address", "0.0.0.0"]
