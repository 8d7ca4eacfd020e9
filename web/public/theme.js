// Runs before the first paint so that a dark room never sees a white flash. The choice rules are
// those of src/ui/theme.ts, which a unit test holds against this file.
(() => {
  var root = document.documentElement;
  var saved = null;
  var lang = null;
  try {
    saved = localStorage.getItem('gac.theme');
    lang = localStorage.getItem('gac.lang');
  } catch (_) {}
  var hour = new Date().getHours();
  var night = hour >= 18 || hour < 6;
  var system = window.matchMedia && matchMedia('(prefers-color-scheme: dark)').matches;
  var theme = saved === 'dark' || saved === 'light' ? saved : night || system ? 'dark' : 'light';
  root.setAttribute('data-t', theme);
  root.setAttribute('data-mantine-color-scheme', theme);
  root.style.background = theme === 'dark' ? '#0f1418' : '#f6f8f9';
  if (lang === 'en') root.lang = 'en';
})();
