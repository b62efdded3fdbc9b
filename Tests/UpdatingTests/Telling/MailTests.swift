import FoundationEssentials
import Primitives
import Releases
import TestSupport
import Testing

@testable import Updating

@Suite struct MailTests {
    private func message(_ notice: AgentNotice, host: String = "node1") throws -> MailMessage {
        MailMessage(
            notice: notice,
            sender: NoticeSender(
                host: host, product: try ProductName("mail-suite"), channel: try ChannelName("stable")),
            from: "agent@example.org", to: ["a@example.org", "b@example.org"])
    }

    private func lines(_ message: MailMessage) -> [String] {
        String(decoding: message.encode(now: RepositorySimulator.now), as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    private func decoded(_ words: String) -> String {
        let bytes = words.split(separator: " ").flatMap { word in
            Base64.decode(Array(word.dropFirst("=?utf-8?B?".count).dropLast(2).utf8)) ?? []
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("a mail is whole: who, when, what, all of it ASCII, and the text in base 64")
    func whole() throws {
        let notice = AgentNotice(
            .updated, "updated from 1.0 to 1.1", ["Réparé: déjà vu"], version: try Version("1.1"),
            at: RepositorySimulator.now)
        let lines = lines(try message(notice))
        let end = try #require(lines.firstIndex(of: ""))
        #expect(lines.prefix(3) == ["From: agent@example.org", "To: a@example.org,", " b@example.org"])
        #expect(lines[..<end].contains("Auto-Submitted: auto-generated"))
        #expect(lines[..<end].contains { $0.hasPrefix("Date: ") && $0.hasSuffix(" +0000") })
        #expect(lines[..<end].contains { $0.hasPrefix("Message-ID: <") && $0.hasSuffix("@example.org>") })
        let subject = lines[..<end].drop { !$0.hasPrefix("Subject: ") }.prefix { !$0.hasPrefix("Date") }
        #expect(
            decoded(subject.joined().replacing("Subject: ", with: ""))
                == "[node1] mail-suite stable: updated from 1.0 to 1.1")
        let body = String(decoding: Base64.decode(Array(lines[end...].joined().utf8)) ?? [], as: UTF8.self)
        #expect(body.hasPrefix("updated from 1.0 to 1.1\r\n\r\nRéparé: déjà vu\r\n"))
        #expect(lines.allSatisfy { $0.utf8.count <= 78 && $0.utf8.allSatisfy { 0x20..<0x7f ~= $0 } })
    }

    @Test(
        "nothing that comes from outside can begin a header",
        arguments: [
            "x\r\nBcc: all@example.org", "x\nBcc: all@example.org", "x\n\nbody", "=?utf-8?B?DQpCY2M6IHg=?=",
            "é\u{2028}Bcc: x\u{85}", String(repeating: "ü\r\nX: ", count: 500),
        ])
    func injection(text: String) throws {
        let notice = AgentNotice(.refused, text, [text], code: "log/fork", at: RepositorySimulator.now)
        let lines = lines(try message(notice, host: text))
        let end = try #require(lines.firstIndex(of: ""))
        let names = lines[..<end].filter { !$0.hasPrefix(" ") }.map { String($0.prefix { $0 != ":" }) }
        #expect(
            names == [
                "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Sceau-Event", "MIME-Version",
                "Content-Type", "Content-Transfer-Encoding",
            ])
        #expect(lines.allSatisfy { $0.utf8.count <= 78 && $0.utf8.allSatisfy { 0x20..<0x7f ~= $0 } })
    }

    @Test("the same notice has the same identity whenever it is sent, another one another")
    func identity() throws {
        func identity(_ notice: AgentNotice, _ now: Date) throws -> String? {
            String(decoding: try message(notice).encode(now: now), as: UTF8.self).split(separator: "\n")
                .first { $0.hasPrefix("Message-ID") }.map(String.init)
        }
        let notice = AgentNotice(.failed, "a", at: RepositorySimulator.now)
        let first = try identity(notice, RepositorySimulator.now)
        #expect(try identity(notice, RepositorySimulator.now + 99) == first)
        #expect(try identity(AgentNotice(.failed, "b", at: RepositorySimulator.now), RepositorySimulator.now) != first)
        #expect(
            try identity(AgentNotice(.failed, "a", at: RepositorySimulator.now + 1), RepositorySimulator.now) != first)
    }

    @Test(
        "dates are as mail writes them",
        arguments: [
            ("1970-01-01T00:00:00Z", "Thu, 1 Jan 1970 00:00:00 +0000"),
            ("2026-11-27T15:05:54Z", "Fri, 27 Nov 2026 15:05:54 +0000"),
            ("2000-02-29T23:59:59Z", "Tue, 29 Feb 2000 23:59:59 +0000"),
            ("1969-12-31T12:00:00Z", "Wed, 31 Dec 1969 12:00:00 +0000"),
        ])
    func dates(time: String, expected: String) throws {
        #expect(MailMessage.date(try #require(UTCTime.decode(ByteString(time)))) == expected)
        #expect(MailMessage.date(Date(timeIntervalSince1970: 1e30)).hasSuffix("9999 23:59:59 +0000"))
    }

    @Test(
        "addresses are plain ones",
        arguments: [
            ("root", true), ("admin@example.org", true), ("a.b+c@mail.example.org", true), ("", false),
            ("@example.org", false), ("a@", false), ("a@b@c", false), ("a b@c", false), ("a@b\nBcc: c", false),
            ("-t@example.org", false), ("a..b@c", false), (".a@b", false), ("a@b.", false), ("\"a\"@b", false),
            ("a,b@c", false), ("<a@b>", false), ("é@b", false), (String(repeating: "a", count: 255), false),
        ])
    func addresses(text: String, isGood: Bool) {
        #expect(MailAddress.isGood(text) == isGood)
    }
}
