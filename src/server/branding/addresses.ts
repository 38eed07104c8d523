/** Folder of the portal's own files. It is not `portal`, which is what a folder of a reverse proxy is called: who strips one would strip the other. */
export const BRAND = "brand";
/** Address of the stylesheet with the colours that follow from an accent. */
export const ACCENT_SHEET = `${BRAND}/accent.css`;
