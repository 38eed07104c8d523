/** The runs that the portal shows. */
export function portalRuns(): { id: number; name: string; dataset: { id: number; title: string; organismName: string } }[];

/** Run → copies, for drives 1 to 4. */
export function driveRuns(): Map<string, number>[];
