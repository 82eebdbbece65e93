Attribute VB_Name = "NbFiles"
' Files that the user chooses: last year's, and the one to save.
Option Explicit

Public Function FileNameOf(ByVal path As String) As String
    FileNameOf = Mid(path, InStrRev(Replace(path, "/", "\"), "\") + 1)
End Function

' The bytes of a file that fits into a request.
Public Function ReadFileBytes(ByVal path As String) As Variant
    Dim handle As Integer, data() As Byte
    If FileLen(path) = 0 Then Refuse "文件“" & FileNameOf(path) & "”是空的"
    If FileLen(path) > 12000000 Then Refuse "文件“" & FileNameOf(path) & "”超过 12 MB"
    handle = FreeFile
    Open path For Binary Access Read As #handle
    ReDim data(0 To LOF(handle) - 1)
    Get #handle, , data
    Close #handle
    ReadFileBytes = data
End Function

' Writes a file that was sent in Base64; what was there before is replaced.
Public Sub SaveBase64(ByVal path As String, ByVal text As String)
    Dim handle As Integer, data() As Byte
    data = BytesFromBase64(text)
    If Dir(path) <> "" Then Kill path
    handle = FreeFile
    Open path For Binary Access Write As #handle
    Put #handle, , data
    Close #handle
End Sub

' Where last year's file is; empty when the user chose none.
Public Function AskLastYear() As String
    Dim chosen As Variant
    chosen = Application.GetOpenFilename("填报文件 (*.xlsx;*.json),*.xlsx;*.json", 1, "请选择上年度的填报文件")
    If VarType(chosen) = vbString Then AskLastYear = chosen
End Function

' Where to save a file named `suggested`; empty when the user chose nowhere.
Public Function AskSavePath(ByVal suggested As String) As String
    Dim chosen As Variant
    chosen = Application.GetSaveAsFilename(FileNameOf(suggested))
    If VarType(chosen) <> vbString Then Exit Function
    If Dir(chosen) <> "" Then
        If MsgBox("“" & FileNameOf(chosen) & "”已经存在，要替换吗？", vbYesNo + vbQuestion, "年报") <> vbYes Then Exit Function
    End If
    AskSavePath = chosen
End Function
