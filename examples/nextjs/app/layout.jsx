export const metadata = { title: 'Next.js and Socket.IO' }

export default function Layout ({ children }) {
  return (
    <html lang='en'>
      <body>{children}</body>
    </html>
  )
}
