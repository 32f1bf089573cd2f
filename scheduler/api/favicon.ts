/** A band, and a value that leaves it. */
const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect width="32" height="32" rx="6" fill="#14213d"/>
<path d="M3 20c5-5 8-5 13 0s8 5 13 0v6c-5 5-8 5-13 0s-8-5-13 0z" fill="#4f9dde" opacity=".55"/>
<path d="M3 23c5-5 8-5 13 0l4-15 3 17 6-2" fill="none" stroke="#fff" stroke-width="2"/>
<circle cx="20" cy="8" r="3" fill="#fb5607"/>
</svg>`

export const favicon = {
  ...{ filename: 'favicon.svg', rel: 'icon', sizes: 'any', type: 'image/svg+xml' },
  content: svg,
}
