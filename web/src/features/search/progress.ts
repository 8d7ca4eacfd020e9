import { useEffect, useState } from 'react';

export type Progress = { bytes: number; done: number; units: number };

/** How long the search has been running, and how far it has come where the server tells. */
export function useProgress(_searchId: string, running: boolean) {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    setSeconds(0);
    if (!running) return;
    const begun = Date.now();
    const timer = setInterval(() => setSeconds(Math.floor((Date.now() - begun) / 1000)), 500);
    return () => clearInterval(timer);
  }, [running]);
  return { seconds, progress: null as Progress | null };
}
