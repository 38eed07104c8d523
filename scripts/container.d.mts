/** Where the images are, for podman and buildah. */
export declare const STORAGE: readonly string[];
/** What is needed to build images and is not here. */
export declare function absentTools(): string[];
/** Builds a stage of Containerfile or the image of Containerfile.notebook, or finds the one that was built of the same files. @returns the image's name */
export declare function buildImage(options?: { target?: "emporium" | "job" | "notebook"; fresh?: boolean }): string;
/** Builds what stands in for an image that compose.yaml names, out of Debian's packages and files of the tests. @returns the image's name */
export declare function buildStandIn(target: "database" | "store"): string;
/** Makes an image of the same files with another identity, as a newer version has. @returns `name` */
export declare function withLabel(image: string, label: string, name: string): string;
