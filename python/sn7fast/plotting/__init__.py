"""Pictures of footprints, stacks and scores for notebooks, by matplotlib (extra ``plot``).

These functions stand behind the methods ``plot`` of `Footprints`, `Stack`, `F1Score`, `F1Aoi`,
`ScotScore`, `ScotAoi`, `ScotAttribution` and `AoiAttribution`. Each draws into the Axes it is given
or into one of a new figure, and returns it. Colours can be told apart by those who see red and
green alike.
"""
