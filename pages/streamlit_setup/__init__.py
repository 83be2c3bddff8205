"""What is set on Streamlit before it serves: sign-in, logs, which of its paths are closed."""
