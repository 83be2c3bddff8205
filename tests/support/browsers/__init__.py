"""Pages: through AppTest, over their WebSocket, and in Chromium."""
