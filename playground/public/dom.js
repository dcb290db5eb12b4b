/** Finds the element with an id. */
export const $ = (id) => document.getElementById(id)

/**
 * Makes an element. Text is set as text, never as markup: some of it comes from requests.
 *
 * @param properties of the element; those with a dash, and `role`, are attributes
 */
export function make (tag, properties = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes('-') || name === 'role') element.setAttribute(name, value)
    else element[name] = value
  }
  element.append(...children)
  return element
}

/** Says something to screen readers. */
export function announce (text) {
  $('status').textContent = text
}
