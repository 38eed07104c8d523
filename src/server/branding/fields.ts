/** Fields of `portal.yaml`. */
export const PORTAL_FIELDS: readonly string[] = [
  ...["title", "short_title", "logo", "logo_dark", "accent", "about", "links", "hero", "cite", "robots", "sitemap"],
];
