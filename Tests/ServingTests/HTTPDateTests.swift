import Foundation
import Serving
import Testing

@Suite("Dates of answers")
struct HTTPDateTests {
    @Test(
        "are IMF-fixdate",
        arguments: [
            (784_111_777.9, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (951_782_399, "Mon, 28 Feb 2000 23:59:59 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
            (-1, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (1e300, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ])
    func encoding(seconds: Double, text: String) {
        let bytes = HTTPDate.encode(Date(timeIntervalSince1970: seconds))
        #expect(String(decoding: bytes, as: UTF8.self) == text)
        #expect(bytes.count == HTTPDate.length)
    }
}
