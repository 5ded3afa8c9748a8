"""TikTok Shop over its Open API: signing, transport, errors, shops, orders, fulfilment."""
