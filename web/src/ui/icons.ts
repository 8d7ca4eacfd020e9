// The icons in use, by what they mean here. Tabler outline; drawn 16 px, stroke 1.6. Each is taken from
// its own file: the package's index has thousands, and reading it costs seconds in every build and test.

export { default as RulesIcon } from '@tabler/icons-react/dist/esm/icons/IconAdjustmentsHorizontal.mjs';
export { default as WarnIcon } from '@tabler/icons-react/dist/esm/icons/IconAlertTriangle.mjs';
export { default as DownIcon } from '@tabler/icons-react/dist/esm/icons/IconArrowDown.mjs';
export { default as ExpandIcon } from '@tabler/icons-react/dist/esm/icons/IconArrowsDiagonal.mjs';
export { default as UpIcon } from '@tabler/icons-react/dist/esm/icons/IconArrowUp.mjs';
export { default as QueueIcon } from '@tabler/icons-react/dist/esm/icons/IconBellRinging.mjs';
export { default as JsonIcon } from '@tabler/icons-react/dist/esm/icons/IconBraces.mjs';
export { default as UnitIcon } from '@tabler/icons-react/dist/esm/icons/IconBuilding.mjs';
export { default as TickIcon } from '@tabler/icons-react/dist/esm/icons/IconCheck.mjs';
export { default as ChevronDownIcon } from '@tabler/icons-react/dist/esm/icons/IconChevronDown.mjs';
export { default as ChevronRightIcon } from '@tabler/icons-react/dist/esm/icons/IconChevronRight.mjs';
export { default as ChevronUpIcon } from '@tabler/icons-react/dist/esm/icons/IconChevronUp.mjs';
export { default as ClockIcon } from '@tabler/icons-react/dist/esm/icons/IconClock.mjs';
export { default as CopyIcon } from '@tabler/icons-react/dist/esm/icons/IconCopy.mjs';
export { default as SourcesIcon } from '@tabler/icons-react/dist/esm/icons/IconDatabaseShare.mjs';
export { default as MoreIcon } from '@tabler/icons-react/dist/esm/icons/IconDots.mjs';
export { default as FileIcon } from '@tabler/icons-react/dist/esm/icons/IconFile.mjs';
export { default as FilterIcon } from '@tabler/icons-react/dist/esm/icons/IconFilter.mjs';
export { default as FilterOffIcon } from '@tabler/icons-react/dist/esm/icons/IconFilterOff.mjs';
export { default as EmptyIcon } from '@tabler/icons-react/dist/esm/icons/IconInbox.mjs';
export { default as KeyIcon } from '@tabler/icons-react/dist/esm/icons/IconKey.mjs';
export { default as KeyboardIcon } from '@tabler/icons-react/dist/esm/icons/IconKeyboard.mjs';
export { default as LanguageIcon } from '@tabler/icons-react/dist/esm/icons/IconLanguage.mjs';
export { default as DeskIcon } from '@tabler/icons-react/dist/esm/icons/IconLayoutDashboard.mjs';
export { default as RowsIcon } from '@tabler/icons-react/dist/esm/icons/IconLayoutRows.mjs';
export { default as SidebarIcon } from '@tabler/icons-react/dist/esm/icons/IconLayoutSidebar.mjs';
export { default as LinkIcon } from '@tabler/icons-react/dist/esm/icons/IconLink.mjs';
export { default as LockIcon } from '@tabler/icons-react/dist/esm/icons/IconLock.mjs';
export { default as LogoutIcon } from '@tabler/icons-react/dist/esm/icons/IconLogout.mjs';
export { default as MoonIcon } from '@tabler/icons-react/dist/esm/icons/IconMoon.mjs';
export { default as SilentIcon } from '@tabler/icons-react/dist/esm/icons/IconPlugConnectedX.mjs';
export { default as PlusIcon } from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs';
export { default as RefreshIcon } from '@tabler/icons-react/dist/esm/icons/IconRefresh.mjs';
export { default as SearchIcon } from '@tabler/icons-react/dist/esm/icons/IconSearch.mjs';
export { default as HostIcon } from '@tabler/icons-react/dist/esm/icons/IconServer2.mjs';
export { default as GroupIcon } from '@tabler/icons-react/dist/esm/icons/IconStack2.mjs';
export { default as SunIcon } from '@tabler/icons-react/dist/esm/icons/IconSun.mjs';
export { default as UserIcon } from '@tabler/icons-react/dist/esm/icons/IconUser.mjs';
export { default as AssignIcon } from '@tabler/icons-react/dist/esm/icons/IconUserCheck.mjs';
export { default as AddressIcon } from '@tabler/icons-react/dist/esm/icons/IconWorld.mjs';
export { default as CloseIcon } from '@tabler/icons-react/dist/esm/icons/IconX.mjs';

export const kIcon = { size: 16, stroke: 1.6, 'aria-hidden': true } as const;
export const kRailIcon = { size: 18, stroke: 1.6, 'aria-hidden': true } as const;
