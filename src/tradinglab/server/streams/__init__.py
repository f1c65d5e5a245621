"""Events on their way to those who listen: WebSockets, Server-Sent Events and polling, over what is stored."""
