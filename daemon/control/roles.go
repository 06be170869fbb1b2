package control

import (
	"maps"
	"slices"

	"linevault/daemon/auth"
)

// Permission is one thing that a role may do.
type Permission string

// The permissions.
const (
	SeeLines   Permission = "see lines"
	SeeAccount Permission = "see what became of calls"
	SeeStatus  Permission = "see status"
	Pause      Permission = "pause lines"
	TestLines  Permission = "test lines"
	SeePauses  Permission = "see how pauses were asked for"

	SeeCalls Permission = "see calls"
	Listen   Permission = "listen"
	Export   Permission = "export"
	Annotate Permission = "note, flag and rate"

	Purge             Permission = "purge a part of a call"
	ReleaseQuarantine Permission = "release from quarantine"
	SeeHolds          Permission = "see legal holds"
	PlaceHold         Permission = "place and release legal holds"
	AskErasure        Permission = "ask for an erasure"
	ApproveErasure    Permission = "approve an erasure"
	Disclose          Permission = "disclose"
	ApproveDisclosure Permission = "approve a disclosure"
	SeeRetention      Permission = "see retention"
	ApproveRetention  Permission = "approve retention"
	SeeCertificates   Permission = "see certificates"
	SeeLedger         Permission = "see the ledger"
	LookAfterAccounts Permission = "look after accounts"
	SeeApprovals      Permission = "see what waits for approval"
)

// may is the whole of who may do what. What is not in it is denied: those who look after the
// box never hear a call, nor see who called.
var may = map[Permission][]auth.Role{
	SeeLines:   {auth.Supervisor, auth.Quality, auth.Complaints, auth.Legal, auth.Engineer, auth.ICT, auth.Admin, auth.Agent, auth.AtTheBox},
	SeeAccount: {auth.Supervisor, auth.Quality, auth.Complaints, auth.Legal, auth.Auditor, auth.ICT, auth.Admin},
	SeeStatus:  {auth.Engineer, auth.ICT, auth.Admin, auth.AtTheBox},
	Pause:      {auth.Supervisor, auth.Complaints, auth.Agent, auth.AtTheBox},
	TestLines:  {auth.Engineer, auth.ICT, auth.Admin, auth.AtTheBox},

	SeePauses: {auth.Supervisor, auth.Quality, auth.Complaints, auth.Legal, auth.Auditor, auth.ICT, auth.Admin},

	SeeCalls: {auth.Supervisor, auth.Quality, auth.Complaints, auth.Legal},
	Listen:   {auth.Supervisor, auth.Quality, auth.Complaints, auth.Legal},
	Export:   {auth.Supervisor, auth.Complaints, auth.Legal},
	Annotate: {auth.Supervisor, auth.Quality, auth.Complaints, auth.Legal},

	Purge:             {auth.Supervisor, auth.Complaints, auth.Legal},
	ReleaseQuarantine: {auth.Supervisor, auth.Complaints, auth.Legal},
	SeeHolds:          {auth.Supervisor, auth.Complaints, auth.Legal, auth.Auditor},
	PlaceHold:         {auth.Supervisor, auth.Complaints, auth.Legal},
	AskErasure:        {auth.Supervisor, auth.Complaints, auth.Legal},
	ApproveErasure:    {auth.Supervisor, auth.Legal},
	Disclose:          {auth.Supervisor, auth.Complaints, auth.Legal},
	ApproveDisclosure: {auth.Supervisor, auth.Legal},
	SeeRetention:      {auth.Supervisor, auth.Complaints, auth.Legal, auth.Auditor, auth.ICT, auth.Admin},
	ApproveRetention:  {auth.Supervisor, auth.Legal, auth.ICT, auth.Admin},
	SeeCertificates:   {auth.Supervisor, auth.Complaints, auth.Legal, auth.Auditor, auth.ICT, auth.Admin},
	SeeLedger:         {auth.Legal, auth.Auditor},
	LookAfterAccounts: {auth.Admin},
	SeeApprovals:      {auth.Supervisor, auth.Complaints, auth.Legal, auth.ICT, auth.Admin},
}

// Permissions lists them all.
var Permissions = slices.Sorted(maps.Keys(may))

// RoleWords says of each role, in the order in which they are offered, whom it is for.
var RoleWords = []struct {
	Role        auth.Role
	Title, Does string
}{
	{auth.Supervisor, "Supervisor", "finds, plays and takes out calls; places holds; destroys card data"},
	{auth.Quality, "Quality and training", "finds and plays calls; cannot take them out"},
	{auth.Complaints, "Complaints", "as a supervisor, but cannot approve an erasure or a disclosure"},
	{auth.Legal, "Legal and information", "as a supervisor, and reads the ledger"},
	{auth.Auditor, "Auditor", "reads the ledger, holds and certificates; hears no call"},
	{auth.Engineer, "Engineer or facilities", "tests lines and sees how the box is; hears no call"},
	{auth.ICT, "ICT", "sees the box, its storage and its alarms; hears no call"},
	{auth.Admin, "Administrator", "looks after accounts, the box and its storage; hears no call"},
	{auth.Agent, "Agent", "sees lines, and pauses by hand those where that is permitted; hears no call"},
}

// Hears reports whether somebody with these roles may listen to calls.
func Hears(roles []auth.Role) bool { return Actor{Roles: roles}.May(Listen) }

// LooksAfter reports whether these roles look after the box, and must not hear a call.
func LooksAfter(roles []auth.Role) bool { return Actor{Roles: roles}.May(SeeStatus) }
