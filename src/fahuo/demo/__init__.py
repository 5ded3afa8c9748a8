"""The demonstration: a seller with five shops on a sandbox of TikTok Shop, simulated staff, and time that runs.

The sandbox (`platform`) is a process of its own and plays buyers, carriers and the platform; `inside` and `office` play
the seller's people; `play` lets step follow step. Fahuo between them is the real one and speaks to it by the API.
`faults` plays days on purpose full of faults, `proof` says what both sides must agree on afterwards.
"""
