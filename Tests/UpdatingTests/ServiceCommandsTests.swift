import Primitives
import Processes
import Releases
import Signatures
import SystemPackage
import Testing
import UpdatePlan

@testable import Updating

/// What comes of what systemctl says.
@Suite("systemctl") struct ServiceCommandsTests {
    private static let forbidden = """
        Failed to restart mail-suite.service: Interactive authentication required.
        See system logs and 'systemctl status mail-suite.service' for details.

        """
    private static let failed = """
        Job for mail-suite.service failed because the control process exited with error code.
        See "systemctl status mail-suite.service" and "journalctl -xeu mail-suite.service" for details.

        """

    private func services(_ answer: ProcessResult) throws -> ServiceCommands {
        let instance = try TestInstance(ReleaseRepository())
        let step = UpdateStep(.update, from: nil, to: try Version("1.0"), tree: Digest.sha256(of: []))
        let commands = InstanceCommands(
            configuration: instance.configuration, folders: InstanceFolders(instance.configuration), step: step,
            run: { request in
                #expect(request.executable == "/usr/bin/systemctl")
                #expect(request.arguments == ["--no-ask-password", "restart", "--", "mail-suite.service"])
                return answer
            })
        return ServiceCommands(
            commands: commands, settings: instance.configuration.services,
            services: [try ServiceName("mail-suite.service")])
    }

    @Test(
        "its first line is the reason, and who may not restart a unit is told what is missing",
        arguments: [
            (
                forbidden,
                "systemctl restart: Failed to restart mail-suite.service: Interactive authentication required. The agent's user may "
                    + "not do that: name the unit in a rule for polkit (50-sceau.rules), or let the agent run as root"
            ),
            (
                failed,
                "systemctl restart: Job for mail-suite.service failed because the control process exited with error code."
            ),
            ("", "/usr/bin/systemctl ended with status 1"),
        ])
    func reason(said: String, expected: String) throws {
        let outcome = try services(ProcessResult(outcome: .exited(1), output: Array(said.utf8))).start()
        #expect(outcome.trouble == expected)
        #expect(outcome.output == said)
    }

    @Test(
        "the machine is being switched off when systemd says so, and not where there is none",
        arguments: [
            ("stopping\n", true), ("running\n", false), ("degraded\n", false), ("offline\n", false), ("", false),
        ])
    func machine(said: String, expected: Bool) {
        #expect(
            ServiceCommands.isMachineStopping { _ in ProcessResult(outcome: .exited(1), output: Array(said.utf8)) }
                == expected)
        #expect(!ServiceCommands.isMachineStopping { _ in throw ProcessFault(.notFound) })
    }
}
