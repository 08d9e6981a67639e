"""The official SDKs, unmodified, through the gateway to simulated providers of every protocol."""
