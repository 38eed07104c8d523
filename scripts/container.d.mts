/** Where the images are, for podman and buildah. */
export declare const STORAGE: readonly string[];
/** What is needed to build images and is not here. */
export declare function absentTools(): string[];
/** Builds a stage of Containerfile, or finds the one that was built of the same files. @returns the image's name */
export declare function buildImage(options?: { target?: "emporium" | "job"; fresh?: boolean }): string;
