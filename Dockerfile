# The dashboard for a team; see docs/team.md. It starts once it is set how people sign in, or that
# nobody does:
#   docker build -t billing-dashboard .
#   docker run -p 127.0.0.1:8501:8501 -e BILLING_ALLOW_ANONYMOUS=1 billing-dashboard
FROM python:3.12-slim

WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY streamlit_app.py ./
COPY .streamlit/config.toml .streamlit/config.toml
COPY billing billing
COPY pages pages
COPY stripe_sandbox stripe_sandbox

# State (SQLite files) lives in /app/.data: mount a volume there, or set DATABASE_URL.
RUN useradd --create-home app && mkdir .data && chown app .data
USER app
VOLUME /app/.data
EXPOSE 8501
HEALTHCHECK CMD python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:8501/api/billing/health', timeout=5)"
CMD ["streamlit", "run", "streamlit_app.py", "--server.address", "0.0.0.0"]
