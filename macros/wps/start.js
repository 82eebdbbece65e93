// Starts the pane of the WPS add-in.
"use strict";

NianbaoPane.start(NianbaoWps.makeHost(/** @type {any} */ (window).Application));
NianbaoRibbon.followRibbon();
