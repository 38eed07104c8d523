/** `EMPORIUM_THOROUGH=1`: whatever tests try in many places is tried in all, or in several times as many. */
export const THOROUGH = process.env.EMPORIUM_THOROUGH === "1";

/** Damaged files a parser is given; `FUZZ_CASES` says otherwise, `npm run fuzz` gives a million. */
export const FUZZ_CASES = Number(process.env.FUZZ_CASES ?? (THOROUGH ? 1500 : 400));
