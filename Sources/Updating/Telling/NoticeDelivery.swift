import CanonicalJSON
import FoundationEssentials
import Primitives
import Processes
import Releases
import SystemPackage

/// Brings notices to people, by programs of this machine.
struct NoticeDelivery {
    let settings: NotifySettings
    let sender: NoticeSender
    let now: Date
    let run: (ProcessRequest) throws -> ProcessResult

    private static let outputLimit = 64 << 10
    private static let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// Delivers what it can, oldest first, and leaves the rest in `outgoing`; gives back what went wrong. A channel that
    /// fails is left alone until the next run: no more than one time limit is lost for each.
    func deliver(_ outgoing: inout [NoticeMemory.Outgoing]) -> [String] {
        var troubles: [String] = []
        for channel in NoticeChannel.allCases {
            for index in outgoing.indices where outgoing[index].channels.contains(channel) {
                if let trouble = send(outgoing[index].notice, by: channel) {
                    troubles.append(trouble)
                    break
                }
                outgoing[index].channels.remove(channel)
            }
        }
        outgoing.removeAll { $0.channels.isEmpty }
        return troubles
    }

    /// Nil when it is delivered.
    private func send(_ notice: AgentNotice, by channel: NoticeChannel) -> String? {
        let (words, input) =
            switch channel {
            case .command: (settings.command, JSONValue.object(notice.json(sender)).lineEncoding + [UInt8(ascii: "\n")])
            case .mail: (settings.sendmail, message(notice))
            }
        guard let program = words.first else { return nil }
        do {
            let result = try run(
                ProcessRequest(
                    executable: FilePath(program), arguments: Array(words.dropFirst()),
                    environment: environment(notice), timeLimit: settings.timeLimit, outputLimit: Self.outputLimit,
                    input: input))
            guard !result.succeeded else { return nil }
            let output = String(decoding: result.output, as: UTF8.self)
            return CommandOutcome.refused("\(program) \(result.outcome.text)", output).whole
        } catch let fault as any ReportableFault {
            return "\(program) could not be run: [\(fault.codeText)] \(fault.message)\n"
        } catch {
            return "\(program) could not be run\n"
        }
    }

    private func message(_ notice: AgentNotice) -> [UInt8] {
        MailMessage(notice: notice, sender: sender, from: settings.from, to: settings.mail).encode(now: now)
    }

    private func environment(_ notice: AgentNotice) -> [String: String] {
        var environment = [
            "PATH": Self.path, "LANG": "C.UTF-8", "HOME": "/", "SCEAU_EVENT": notice.kind.rawValue,
            "SCEAU_PRODUCT": sender.product.description, "SCEAU_CHANNEL": sender.channel.description,
            "SCEAU_TITLE": notice.title,
        ]
        if let version = notice.version { environment["SCEAU_VERSION"] = version.description }
        return environment
    }
}

extension CommandOutcome {
    /// What was wrong and all that was said, for a file.
    fileprivate var whole: String { (trouble ?? "") + "\n" + output + "\n" }
}
