import type { PortalFacts } from "../../src/model/page-api.js";
import { base } from "./api.js";

/** The logo of whoever serves this; of two, the one for the colours of the page. */
export function OwnLogo({ portal: { logo, logoDark } }: { portal: PortalFacts }) {
  const picture = (address: string, className: string) => (
    <img className={className} src={new URL(address, base).href} alt="" height={26} />
  );
  return logoDark ? (
    <>
      {picture(logo!, "on-light")}
      {picture(logoDark, "on-dark")}
    </>
  ) : (
    picture(logo!, "")
  );
}
