"""The doctor: is everything that fleetmcp needs there, and safe? It looks, and changes nothing."""
