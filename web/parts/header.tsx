import { Link, useLocation, useNavigate } from "@tanstack/react-router";
import { Lock, Moon, Sun, SunMoon } from "lucide-react";
import { lazy, type ReactNode, type SubmitEvent, Suspense, useEffect, useRef, useState } from "react";
import { MENU, MENU_READING, pagesIn } from "../../src/model/pages.js";
import { useSession } from "./access.js";
import { AppLink } from "./app-link.js";
import { Menu } from "./menu.js";
import { command, crumbs, house } from "./page.js";
import { useServer } from "./queries.js";
import { applyTheme, nextTheme, theme } from "./settings.js";

const OwnLogo = lazy(() => import("./own-logo.js").then(({ OwnLogo: part }) => ({ default: part })));

const CommandTabs = lazy(() => import("./command-tabs.js"));

const JobsBadge = lazy(() => import("./jobs-badge.js").then(({ JobsBadge: part }) => ({ default: part })));

/**
 * The house's name, its pages, the search, and what is so everywhere. Above a picture the way to it stands in the place of the pages.
 *
 * @param search what finds where there is no room for a field
 */
export function Header({ isPicture, showKeys, search }: { isPicture: boolean; showKeys: () => void; search: ReactNode }) {
  const { data } = useServer();
  useSession();
  const { portal } = data ?? {};
  useEffect(() => {
    if (portal) house.set(portal.shortTitle);
  }, [portal]);
  return (
    <header className="header">
      <Link to="/" className="brand">
        {portal?.logo ? (
          <Suspense>
            <OwnLogo portal={portal} />
          </Suspense>
        ) : (
          <Logo />
        )}
        <span className={isPicture ? "hidden" : undefined}>{portal?.shortTitle ?? "emporium"}</span>
      </Link>
      <MenuOf className={isPicture ? "" : "narrow"} name="Pages" pages={data?.writing === true ? MENU : MENU_READING}>
        <span aria-hidden>☰</span>
      </MenuOf>
      {isPicture ? <Crumbs /> : <Pages isWriting={data?.writing === true} />}
      <SearchBox />
      {data?.jobs && (
        <Suspense>
          <JobsBadge />
        </Suspense>
      )}
      {data && (
        <span
          className="row muted"
          title={data.holder ? `changes are made by ${data.holder.name}` : "nothing can be changed from this page"}
        >
          {data.holder ? <span aria-hidden>✎</span> : <Lock size={16} aria-hidden />}
          <span className="wide">{data.holder ? "Writing" : "Reading"}</span>
        </span>
      )}
      <span className="row icons">
        {search}
        <CommandOfPage />
        <ThemeSwitch />
        <button type="button" className="bare" onClick={showKeys} aria-label="All keys" title="All keys (?)">
          <strong aria-hidden>?</strong>
        </button>
      </span>
    </header>
  );
}

/** A section of a specimen: a cell with something in it. */
function Logo() {
  return (
    <svg className="logo" width="26" height="26" viewBox="0 0 26 26" aria-hidden>
      <rect width="26" height="26" rx="6" fill="var(--accent)" />
      <g fill="none" stroke="var(--on-accent)" strokeWidth="1.5">
        <ellipse cx="13" cy="13" rx="9" ry="6.5" />
        <ellipse cx="13" cy="13" rx="6" ry="3.8" />
      </g>
      <circle cx="13" cy="13" r="1.5" fill="var(--on-accent)" />
    </svg>
  );
}

/** Links to the lists, and the menu of what one does. */
function Pages({ isWriting }: { isWriting: boolean }) {
  return (
    <nav aria-label="Pages" className="pages">
      {pagesIn("header", isWriting).map(([to, label]) => (
        <Link key={to} to={to}>
          {label}
        </Link>
      ))}
      <MenuOf className="" name="Work" pages={pagesIn("work", isWriting)}>
        Work ▾
      </MenuOf>
    </nav>
  );
}

interface MenuOfProps {
  readonly name: string;
  readonly className: string;
  readonly pages: typeof MENU;
  readonly children: ReactNode;
}

/** Menu of pages. It closes when one is taken, and by Escape. */
export function MenuOf({ name, className, pages, children }: MenuOfProps) {
  const { pathname } = useLocation();
  const isHere = pages.some(([to]) => to !== "/" && (pathname === to || pathname.startsWith(`${to}/`)));
  return (
    <Menu summary={children} label={name} className={className} opener="bare" isNav isHere={isHere}>
      {pages.map(([to, label]) => (
        <Link key={to} to={to}>
          {label}
        </Link>
      ))}
    </Menu>
  );
}

/** The way to the page. */
export function Crumbs() {
  const way = crumbs.use();
  return (
    <nav aria-label="Breadcrumbs" className="crumbs">
      <ol className="row">
        {way.map(({ label, to }) => (
          <li key={`${to} ${label}`}>{to ? <AppLink to={to}>{label}</AppLink> : <span aria-current="page">{label}</span>}</li>
        ))}
      </ol>
    </nav>
  );
}

function SearchBox() {
  const navigate = useNavigate();
  const field = useRef<HTMLInputElement>(null);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const q = field.current?.value.trim();
    if (q) void navigate({ to: "/search", search: { q } });
  };
  return (
    <search className="search">
      <form onSubmit={submit}>
        <input
          ref={field}
          type="search"
          name="q"
          aria-label="Search"
          placeholder="Search  /"
          autoComplete="off"
          maxLength={200}
        />
      </form>
    </search>
  );
}

/** What answers in other programs what the page shows. The texts are made when somebody asks for them. */
function CommandOfPage() {
  const [isWanted, setWanted] = useState(false);
  if (!command.use()) return null;
  return (
    <Menu
      summary={<code>&gt;_</code>}
      label="Command of this page"
      className="command"
      opener="bare"
      inside="from-right"
      onOpen={() => setWanted(true)}
    >
      {isWanted && (
        <Suspense>
          <CommandTabs />
        </Suspense>
      )}
    </Menu>
  );
}

function ThemeSwitch() {
  const now = theme.use();
  const Icon = { system: SunMoon, light: Sun, dark: Moon }[now];
  const turn = () => {
    theme.set(nextTheme(now));
    applyTheme();
  };
  return (
    <button type="button" className="bare" onClick={turn} aria-label={`Colours: ${now}`} title={`Colours: ${now}`}>
      <Icon size={16} aria-hidden />
    </button>
  );
}
