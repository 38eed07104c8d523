export function sameEverywhere(text: string, places: { folder: string; root: string }): string;
export function commandsOf(transcript: string): string[];
export function wholeWayPage(out: string): string;
