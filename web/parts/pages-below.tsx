import { Link } from "@tanstack/react-router";
import { CircleDot, Database, Ellipsis, House, Images, Search } from "lucide-react";
import { MENU, MENU_READING } from "../../src/model/pages.js";
import { MenuOf } from "./header.js";
import { useServer } from "./queries.js";

/** Opens the palette, in the place of a field for which there is no room. */
export function PhoneSearch({ find }: { find: () => void }) {
  return (
    <button type="button" className="bare only-phone" onClick={find} aria-label="Search" title="Search">
      <Search size={16} aria-hidden />
    </button>
  );
}

const BELOW = [
  ["/", "Home", House],
  ["/datasets", "Datasets", Database],
  ["/runs", "Runs", Images],
  ["/annotations", "Annotations", CircleDot],
] as const;

/** The pages where a thumb reaches them, on a phone. */
export function PagesBelow() {
  const isWriting = useServer().data?.writing === true;
  const rest = (isWriting ? MENU : MENU_READING).filter(([to]) => !BELOW.some(([there]) => there === to));
  return (
    <nav aria-label="Pages of a phone" className="below only-phone">
      {BELOW.map(([to, label, Icon]) => (
        <Link key={to} to={to} activeOptions={{ exact: to === "/" }}>
          <Icon size={20} aria-hidden />
          {label}
        </Link>
      ))}
      <MenuOf className="" name="More" pages={rest}>
        <Ellipsis size={20} aria-hidden />
        More
      </MenuOf>
    </nav>
  );
}
