"""The Agent Client Protocol: the chat for editors that speak it, over standard streams.

The package `agent-client-protocol` is an extra; only this folder imports it.

serve.py       the streams, from the first message to the last
transport.py   messages as lines
agent.py       what is done for each request
shapes.py      what requests hold and answers look like
buffers.py     documents that are open at the client
"""
