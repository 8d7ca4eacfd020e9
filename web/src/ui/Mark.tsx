/** The lantern tower. */
export function Mark({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" fill="none" aria-hidden="true">
      <path
        fill="var(--accent)"
        d="M12 1.2c.5 0 .9.3 1.1.7L14 3.4c1.4 1.7 3.8 3.1 7 3.7.5.1.7.7.3 1.1l-.8.8H3.5l-.8-.8c-.4-.4-.2-1 .3-1.1 3.2-.6 5.6-2 7-3.7l.9-1.5c.2-.4.6-.7 1.1-.7Z"
      />
      <path fill="var(--amber)" d="M6 10.4h12v4.9a.9.9 0 0 1-.9.9H6.9a.9.9 0 0 1-.9-.9z" />
      <path fill="var(--side)" fillOpacity={0.55} d="M11.1 10.4h1.8v5.8h-1.8z" />
      <path
        stroke="var(--accent)"
        strokeWidth={1.7}
        strokeLinecap="round"
        strokeLinejoin="round"
        d="M8.2 17.6 6.6 22.6M15.8 17.6l1.6 5M7.6 20.2h8.8"
      />
    </svg>
  );
}
