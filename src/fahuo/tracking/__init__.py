"""Station: where the parcel is."""
