"""How servers, proxies and frameworks write that they answered a request, and with what."""
