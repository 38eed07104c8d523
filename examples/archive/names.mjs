/** Names of runs: a portal's list of 12,964, and which of them lie on four drives. Made to the counts that the real list has; the names themselves are made up. */

/** Initials of who recorded, and their runs. */
const PREFIXES = {
  dga: 4206,
  mka: 1912,
  ycw: 1559,
  mba: 1009,
  aba: 816,
  cwl: 705,
  pda: 520,
  jsa: 422,
  psa: 301,
  scy: 276,
  rra: 239,
  mst: 195,
  etl: 188,
  qya: 127,
  wnj: 111,
  lmm: 97,
  mpa: 88,
  zyh: 85,
  lma: 62,
  scd: 46,
};
const FIRST_YEAR = 2009;
const YEARS = [305, 442, 1010, 751, 1051, 1303, 694, 1270, 2051, 1033, 2079, 469, 236, 270];
const GROUPS = 362;
/** Names with a counter of one digit, and of three. */
const SHORT = 2465;
const LONG = 1925;

/** Groups, initials and a day, of which runs lie on the drives: all of them, but seven of the third. */
const ON_DRIVES = [
  ["mka", "2020-10-08", 455],
  ["mka", "2019-11-19", 220],
  ["mka", "2019-10-25", 223, 216],
  ["mka", "2019-10-28", 182],
  ...days("mka", 2019, ["05-25", "03-04", "03-18", "04-02", "06-11", "07-09", "08-20", "09-03", "12-02", "12-12"], 278),
  ["ycw", "2013-09-28", 105],
  ...days("ycw", 2017, ["12-01", "03-10", "04-22", "06-15", "09-08", "10-30"], 262),
  ...days("dga", 2018, ["02-05", "03-12", "04-16", "05-21", "06-25", "07-30"], 150),
  ...days("mba", 2016, ["01-18", "02-22", "03-28", "05-02", "06-06", "07-11", "08-15"], 126),
  ...days("aba", 2010, ["04-12", "05-17", "06-21"], 32),
  ["qya", "2015-11-19", 14],
  ...days("qya", 2015, ["06-03", "08-27"], 6),
  ...days("etl", 2012, ["02-14", "03-20", "10-09"], 18),
];
/** A large group that no drive has. */
const ELSEWHERE = [["dga", "2018-08-29", 412]];

function days(who, year, dates, runs) {
  return dates.map((date, at) => [who, `${year}-${date}`, Math.floor(runs / dates.length) + (at < runs % dates.length ? 1 : 0)]);
}

/** Ids that are known, and one whose data set is. */
const IDS = { "qya2015-11-19-14": 7250, "ycw2017-12-01-35": 8538 };
const FIRST_ID = 501;
export const PYLORI = { who: "mka", date: "2019-11-19", dataset: 10052 };

/** @type {import("./names.d.mts").portalRuns} */
export function portalRuns() {
  const groups = [...ON_DRIVES, ...ELSEWHERE].map(([who, date, size]) => ({ who, date, size }));
  groups.push(...otherGroups(groups));
  const names = countedNames(groups).sort(byCodeUnit);
  const ids = new Map(names.map((name, at) => [name, FIRST_ID + at]));
  // who has a known id changes places with whoever got it
  for (const [name, id] of Object.entries(IDS)) {
    const holder = names[id - FIRST_ID];
    ids.set(holder, ids.get(name));
    ids.set(name, id);
  }
  return names.map((name) => ({ id: ids.get(name), name, dataset: datasetOf(name) }));
}

/** The groups that fill what initials and years still lack: as many as there must be in all. */
function otherGroups(taken) {
  const left = { ...PREFIXES };
  const years = YEARS.map((runs, at) => ({ year: FIRST_YEAR + at, runs }));
  for (const { who, date, size } of taken) {
    left[who] -= size;
    years[Number(date.slice(0, 4)) - FIRST_YEAR].runs -= size;
  }
  const cells = [];
  let at = 0;
  for (const [who, runs] of Object.entries(left)) {
    for (let rest = runs; rest > 0; ) {
      const part = Math.min(rest, years[at].runs);
      if (part > 0) cells.push({ who, year: years[at].year, runs: part });
      rest -= part;
      years[at].runs -= part;
      if (years[at].runs === 0) at++;
    }
  }
  const wanted = GROUPS - taken.length;
  const total = cells.reduce((sum, { runs }) => sum + runs, 0);
  const shares = cells.map(({ runs }) => Math.max(1, Math.floor((runs / total) * wanted)));
  for (let i = 0; shares.reduce((sum, share) => sum + share, 0) < wanted; i = (i + 1) % cells.length)
    if (shares[i] < cells[i].runs) shares[i]++;
  // two people whose initials begin alike never record on one day: the short form of their runs would be the same
  const used = new Set(taken.map(({ who, date }) => who.slice(0, 2) + date));
  return cells.flatMap(({ who, year, runs }, cell) =>
    Array.from({ length: shares[cell] }, (_, part) => {
      const size = Math.floor(runs / shares[cell]) + (part < runs % shares[cell] ? 1 : 0);
      return { who, date: freeDay(used, who, year, part * 7), size };
    }),
  );
}

function freeDay(used, who, year, from) {
  for (let day = from; ; day++) {
    const date = new Date(Date.UTC(year, 0, 1 + (day % 365))).toISOString().slice(0, 10);
    const key = who.slice(0, 2) + date;
    if (used.has(key)) continue;
    used.add(key);
    return date;
  }
}

/** Counters from 1 in some groups, from 10 or 100 in others, so that names are as long as they are. */
function countedNames(groups) {
  const short = groups.map(() => 0);
  const long = groups.map(({ size }) => Math.max(0, size - 99));
  let [shortLeft, longLeft] = [SHORT, LONG - long.reduce((sum, count) => sum + count, 0)];
  for (const [at, { size }] of groups.entries()) {
    short[at] = Math.min(9, size, shortLeft);
    shortLeft -= short[at];
  }
  for (let at = groups.length - 1; longLeft > 0; at--) {
    const more = Math.min(groups[at].size - short[at] - long[at], longLeft);
    long[at] += more;
    longLeft -= more;
  }
  return groups.flatMap(({ who, date, size }, at) => {
    const middle = size - short[at] - long[at];
    const count = (from, length) => Array.from({ length }, (_, i) => `${who}${date}-${from + i}`);
    return [...count(1, short[at]), ...count(10, middle), ...count(100, long[at])];
  });
}

function datasetOf(name) {
  const [who, date] = [name.slice(0, 3), name.slice(3, 13)];
  if (who === PYLORI.who && date === PYLORI.date)
    return { id: PYLORI.dataset, title: "Hpylori_dfliQ", organismName: "Helicobacter pylori" };
  const id = 11000 + 20 * Object.keys(PREFIXES).indexOf(who) + (Number(date.slice(0, 4)) - FIRST_YEAR);
  return { id, title: `${who} ${date.slice(0, 4)}`, organismName: "Escherichia coli" };
}

/**
 * Which runs lie on which drive, and how often.
 *
 * @returns {Map<string, number>[]} run → copies, for drives 1 to 4
 */
export function driveRuns() {
  const names = new Map();
  const all = portalRuns().map(({ name }) => name);
  for (const [who, date, size, some = size] of ON_DRIVES) {
    const group = all.filter((name) => name.startsWith(`${who}${date}-`)).sort(byCounter);
    names.set(who, [...(names.get(who) ?? []), ...group.slice(0, some)]);
  }
  const [mka, ycw, dga, mba] = ["mka", "ycw", "dga", "mba"].map((who) => names.get(who));
  // the last of each list are those that drive 1 lacks
  const first = [...mka.slice(0, -15), ...ycw.slice(0, -5), ...dga.slice(0, -1), ...mba.slice(0, 52)];
  const third = [...ycw.slice(1), ...mka.slice(500, 595), ...dga.slice(-8)];
  return [
    copies(first, [...Array(47).fill(3), ...Array(114).fill(2)]),
    copies([...mba.slice(52), ...names.get("aba"), ...names.get("qya"), ...names.get("etl")], []),
    copies(third, Array(57).fill(2)),
    copies(mka.slice(-15), []),
  ];
}

/** @param {number[]} counts of the first names; the others are there once */
function copies(names, counts) {
  return new Map(names.map((name, at) => [name, counts[at] ?? 1]));
}

const byCodeUnit = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const byCounter = (a, b) => Number(a.split("-").at(-1)) - Number(b.split("-").at(-1));
