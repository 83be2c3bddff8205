"""What stands between the network and the app: who may ask, how much, and for how long.

Plain ASGI and uvicorn; nothing here knows what the app sells.
"""
