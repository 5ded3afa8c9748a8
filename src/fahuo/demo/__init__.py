"""The demonstration: a seller with five shops, simulated buyers, platform, carriers and staff, and time that runs.

`outside` plays everybody who is not the seller, `inside` the seller's people; between them goes only what goes between
them in life: exports, label files, the shipped-file, tracking files. Fahuo in the middle is the real one.
"""
