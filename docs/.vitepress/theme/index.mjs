// The system's own fonts: the default theme would bring 400 KB of Inter.
import Theme from "vitepress/theme-without-fonts";
import "./site.css";

export default Theme;
