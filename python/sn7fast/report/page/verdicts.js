// What holds of a row against the truth. The bits are those of sn7fast/report/comparison.py.

const SCORED = 1;
const MATCHED = 2;
const SWITCHED = 4;
const NEW = 8;
const PARTNER_NEW = 16;

// In the order of the legend. Colours after Okabe and Ito, apart for those who see red and green
// alike; what is rare has a mark of its own as well.
const VERDICTS = [
  { key: "tp", name: "Found", note: "matched, same identifier as before", colour: "#56b4e9" },
  { key: "fp", name: "False", note: "not in the truth", colour: "#d55e00" },
  { key: "fn", name: "Missed", note: "in the truth, not found", colour: "#f0e442" },
  { key: "switch", name: "Identifier switched", note: "matched, but with another partner than before", colour: "#cc79a7", mark: "square" },
  { key: "new", name: "New, found", note: "built this month, and found", colour: "#009e73", mark: "circle" },
  { key: "wrong", name: "Wrongly new", note: "a new identifier, but nothing was built", colour: "#e69f00", mark: "cross" },
  { key: "late", name: "New, missed", note: "built this month, not found as new", colour: "#ffffff", mark: "diamond" },
  { key: "none", name: "Not scored", note: "month or size is left out of the score", colour: "#9aa3ad" },
];
const VERDICT_OF = Object.fromEntries(VERDICTS.map((verdict, index) => [verdict.key, index]));

/** Position in VERDICTS for each sum of flags, for a row of the tracks and for one of the truth. */
const TRACK_VERDICT = verdictTable((flags) => {
  if (!(flags & SCORED)) return "none";
  const isNew = flags & NEW;
  if (!(flags & MATCHED)) return isNew ? "wrong" : "fp";
  if (isNew) return flags & PARTNER_NEW ? "new" : "wrong";
  if (flags & PARTNER_NEW) return "late";
  return flags & SWITCHED ? "switch" : "tp";
});
const TRUTH_VERDICT = verdictTable((flags) => {
  if (!(flags & SCORED)) return "none";
  const isNew = flags & NEW;
  if (!(flags & MATCHED)) return isNew ? "late" : "fn";
  if (isNew) return flags & PARTNER_NEW ? "new" : "late";
  if (flags & PARTNER_NEW) return "wrong";
  return flags & SWITCHED ? "switch" : "tp";
});

function verdictTable(verdict) {
  return Uint8Array.from({ length: 32 }, (_, flags) => VERDICT_OF[verdict(flags)]);
}

const verdictOf = (side, row) =>
  VERDICTS[(side.name === "truth" ? TRUTH_VERDICT : TRACK_VERDICT)[side.flags[row]]];

const KIND_TEXT = {
  missed: "never found",
  false: "never in the truth",
  switched: "identifiers switched",
  late: "found late",
  early: "found before it was built",
  dropped: "lost in between or at the end",
  extra: "seen where the truth has nothing",
};
