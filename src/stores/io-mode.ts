/**
 * The ways of long reads and writes of files: past the system's page cache (`direct`), through it (`buffered`), or whichever is
 * the quicker one (`auto`). The cache costs more than the disk where gigabytes go by once: each page is allocated, filled,
 * written and thrown out again, and with it those that other programs would have liked to keep.
 */
export const IO_MODES = ["auto", "direct", "buffered"] as const;
export type IoMode = (typeof IO_MODES)[number];
