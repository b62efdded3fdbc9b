import Foundation
import Primitives
import Testing

@Suite struct UTCTimeTests {
    @Test(
        arguments: [
            ("0000-01-01T00:00:00Z", -62_167_219_200),
            ("1900-02-28T23:59:59Z", -2_203_891_201),
            ("1969-12-31T23:59:59Z", -1),
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T23:59:59Z", 951_868_799),
            ("2026-11-23T20:00:00Z", 1_795_464_000),
            ("2038-01-19T03:14:08Z", 2_147_483_648),
            ("2100-03-01T00:00:00Z", 4_107_542_400),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] as [(String, TimeInterval)])
    func `A time is written in one way and read back`(text: String, seconds: TimeInterval) {
        let date = Date(timeIntervalSince1970: seconds)
        #expect(UTCTime.encode(date) == text)
        #expect(UTCTime.decode(ByteString(text)) == date)
    }

    @Test func `Days of 400 years are those of Foundation`() {
        let style = Date.ISO8601FormatStyle()
        for day in stride(from: 0, to: 146_097, by: 11) {
            let date = Date(timeIntervalSince1970: TimeInterval(day) * 86_400 + TimeInterval(day % 86_400))
            let text = UTCTime.encode(date)
            #expect(text == date.formatted(style))
            #expect(UTCTime.decode(ByteString(text)) == date)
        }
    }

    @Test(arguments: [-62_167_219_201, 253_402_300_800, 1e300, -1e300, .infinity, -.infinity, .nan] as [TimeInterval])
    func `A time that cannot be written becomes one that can`(seconds: TimeInterval) {
        let text = UTCTime.encode(Date(timeIntervalSince1970: seconds))
        #expect(text == "0000-01-01T00:00:00Z" || text == "9999-12-31T23:59:59Z")
    }

    @Test(arguments: [0.001, 0.5, 0.999])
    func `A fraction is dropped, never rounded up`(fraction: TimeInterval) {
        #expect(UTCTime.encode(Date(timeIntervalSince1970: 1_795_464_000 + fraction)) == "2026-11-23T20:00:00Z")
    }

    @Test(arguments: [
        "", "2026-11-23", "2026-11-23T20:00:00", "2026-11-23T20:00:00z", "2026-11-23t20:00:00Z", "2026-11-23 20:00:00Z",
        "2026-11-23T20:00:00+00:00", "2026-11-23T20:00:00.0Z", "2026-11-23T20:00Z", "20261123T200000Z",
        "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-11-00T00:00:00Z",
        "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-11-31T00:00:00Z",
        "2026-11-23T24:00:00Z", "2026-11-23T20:60:00Z", "2026-11-23T20:00:60Z", " 026-11-23T20:00:00Z",
        "+026-11-23T20:00:00Z", "-026-11-23T20:00:00Z", "2026-11-23T20:00:00Z\n", "2026-11-23T20:00:00\u{0}",
        "2026-1-023T20:00:00Z", "2026-11-23T2 :00:00Z", "٢٠٢٦-11-23T20:00:00Z",
    ])
    func `No other spelling and no time that does not exist is read`(text: String) {
        #expect(UTCTime.decode(ByteString(text)) == nil)
    }

    @Test func `Bytes that are no text are no time`() {
        #expect(UTCTime.decode(ByteString([UInt8](repeating: 0xFF, count: 20))) == nil)
        #expect(UTCTime.decode(ByteString([UInt8](repeating: 0, count: 20))) == nil)
    }
}
