"""Station after the parcel: what the buyer asks for afterwards, mirrored with its clocks."""
