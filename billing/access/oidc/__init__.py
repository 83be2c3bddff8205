"""Sign-in by OIDC: Streamlit speaks with the provider, and who is signed in is a row of ours."""
