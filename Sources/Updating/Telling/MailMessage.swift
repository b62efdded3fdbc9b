import FoundationEssentials
import Primitives
import Signatures

/// Mail addresses as they may stand in a configuration: plain ones, with nothing that would need quoting.
enum MailAddress {
    private static let limit = 254

    /// `name@host`, or a mere name for this machine's own mail.
    static func isGood(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        guard text.utf8.count <= limit, let name = parts.first, parts.count <= 2, isDotted(name, isNamePart) else {
            return false
        }
        return parts.count == 1 || isDotted(parts[1], isHostPart)
    }

    private static func isDotted(_ text: Substring.UTF8View, _ isGood: (UInt8) -> Bool) -> Bool {
        text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            .allSatisfy { !$0.isEmpty && $0.first != UInt8(ascii: "-") && $0.allSatisfy(isGood) }
    }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        isHostPart(byte) || "!#$%&'*+/=?^_`{|}~".utf8.contains(byte)
    }

    private static func isHostPart(_ byte: UInt8) -> Bool {
        switch Unicode.Scalar(byte) {
        case "a"..."z", "A"..."Z", "0"..."9", "-": true
        default: false
        }
    }
}

/// A notice as a mail (RFC 5322, MIME), as `sendmail -t` takes it: lines end in a line feed. All ASCII, no line longer
/// than 78 characters except where a single address is, and nothing from outside stands in it unencoded.
struct MailMessage {
    let notice: AgentNotice
    let sender: NoticeSender
    let from: String?
    let to: [String]

    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    /// Bytes of text in one encoded word: 39 are 52 characters of base 64, so that 76 do for the line with its name.
    private static let wordBytes = 39

    /// - Parameter now: when it is sent.
    func encode(now: Date) -> [UInt8] {
        let headers =
            (from.map { ["From: \($0)"] } ?? []) + [
                "To: " + to.joined(separator: ",\n "), "Subject: " + Self.encoded(subject),
                "Date: " + Self.date(now), "Message-ID: <\(identifier)>", "Auto-Submitted: auto-generated",
                "X-Sceau-Event: \(notice.kind.rawValue)", "MIME-Version: 1.0",
                "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64",
            ]
        return Array((headers + [""] + Self.folded(body)).map { $0 + "\n" }.joined().utf8)
    }

    private var subject: String { "[\(sender.host)] \(sender.product) \(sender.channel): \(notice.title)" }

    private var body: String {
        let facts = [
            "", "product \(sender.product), channel \(sender.channel), on \(sender.host)",
            "time    \(UTCTime.encode(notice.time))", "event   \(notice.kind.rawValue)",
        ]
        return ([notice.title, ""] + notice.text + facts).map { $0 + "\r\n" }.joined()
    }

    /// The same for the same notice: what comes twice is seen to be one.
    private var identifier: String {
        let text = [subject, "\(notice.json)", to.joined(separator: ",")].joined(separator: "\n")
        let host = from.flatMap { $0.split(separator: "@").dropFirst().first } ?? "sceau.invalid"
        return "\(Digest.sha256(of: Array(text.utf8)).hex.prefix(32))@\(host)"
    }

    // MARK: encodings

    /// Encoded words (RFC 2047), each on a line of its own and of whole characters.
    static func encoded(_ text: String) -> String {
        var words: [[UInt8]] = [[]]
        for scalar in text.unicodeScalars {
            let bytes = Array(String(scalar).utf8)
            if (words.last?.count ?? 0) + bytes.count > wordBytes { words.append([]) }
            words[words.count - 1] += bytes
        }
        return words.map { "=?utf-8?B?\(Base64.encode($0))?=" }.joined(separator: "\n ")
    }

    private static func folded(_ text: String) -> [String] {
        let digits = Array(Base64.encode(Array(text.utf8)).utf8)
        return stride(from: 0, to: digits.count, by: 76).map {
            String(decoding: digits[$0..<min($0 + 76, digits.count)], as: UTF8.self)
        }
    }

    /// `Fri, 27 Nov 2026 15:05:54 +0000`.
    static func date(_ date: Date) -> String {
        let text = UTCTime.encode(date)
        let clamped = UTCTime.decode(ByteString(text)) ?? date
        let days = Int((clamped.timeIntervalSince1970 / 86400).rounded(.down))
        let (year, month, day) = UTCTime.calendarDate(days)
        let weekday = weekdays[days.flooredQuotientAndRemainder(by: 7).1]
        let years = String(repeating: "0", count: max(0, 4 - "\(year)".count)) + "\(year)"
        return "\(weekday), \(day) \(months[month - 1]) \(years) \(text.dropFirst(11).dropLast()) +0000"
    }
}
